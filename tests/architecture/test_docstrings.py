"""Public names explain themselves: what is returned, at which scale, after whom.

The order of the sections is one everywhere. `Scale` (factor, time unit, measure, sign) and a
source are asked of the rooms that hold mathematics, where a missing factor is the likely mistake;
the machinery around them explains its parameters and results.
"""

import ast
import re

import pytest

ORDER = [
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Scale",
    "Raises",
    "Warns",
    "Notes",
    "References",
    "Examples",
]
MATHEMATICS = {
    "activations",
    "numerics",
    "spaces",
    "probability",
    "kernels",
    "networks",
    "tangent",
    "dynamics",
}
DOCUMENTS = (
    "sphere_approximation",
    "two_layer_flow",
    "general_architectures",
    "sobolev_training",
    "training_dynamics",
)
JAXTYPING = {"Float", "Float64", "Int", "Integer", "Bool", "Num", "Real", "Shaped", "Complex"}
SECTION = re.compile(r"(?m)^(\w[\w ]*)\n-{3,}$")
SOURCE = re.compile(r"(?m)^References\n-{3,}$|\(19\d\d\)|\(20\d\d\)|\beqs?\. \(|[Dd]erived here")


def is_mathematics(module):
    if module.room == "claims":  # the right-hand sides of theorems, not the ledger around them
        return module.name.partition(".")[2].startswith(DOCUMENTS)
    return module.room in MATHEMATICS


def public_definitions(module):
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in module.tree.body:
        if isinstance(node, definitions) and is_public(node):
            yield node, f"{module.name}.{node.name}"
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, definitions) and is_public(inner):
                    yield inner, f"{module.name}.{node.name}.{inner.name}"


def is_public(node):
    # The variants of an overloaded function are signatures; the function itself explains them.
    overloads = [one for one in node.decorator_list if ast.unparse(one).endswith("overload")]
    return not node.name.startswith("_") and not overloads


def docstring_problems(module):
    found = [] if ast.get_docstring(module.tree) else [f"{module.name}: no docstring"]
    for node, name in public_definitions(module):
        text = ast.get_docstring(node)
        if not text:
            found.append(f"{name}: no docstring")
            continue
        sections = SECTION.findall(text)
        known = [section for section in sections if section in ORDER]
        if unknown := set(sections) - set(ORDER):
            found.append(f"{name}: unknown sections {', '.join(sorted(unknown))}")
        if known != sorted(known, key=ORDER.index):
            found.append(f"{name}: sections must stand in the order {', '.join(ORDER)}")
        if "Parameters" in sections and not isinstance(node, ast.ClassDef):
            found += [f"{name}: `{one}` is not explained" for one in unexplained(node, text)]
    return found


def section_problems(module):
    """What the rooms of mathematics owe beyond that."""
    found = []
    for node, name in public_definitions(module):
        text = ast.get_docstring(node) or ""
        if name.count(".") > module.name.count(".") + 1 or is_exception(node):
            continue  # a method stands under the docstring of its class
        sections = set(SECTION.findall(text))
        wanted = {"Scale"}
        if isinstance(node, ast.FunctionDef):
            wanted |= {"Parameters"} if parameters(node) else set()
            wanted |= {"Returns"} if returns_something(node) else set()
            wanted -= {"Scale"} if not returns_something(node) else set()  # a check of arguments
        found += [f"{name}: no section {one}" for one in sorted(wanted - sections)]
        around = ast.get_docstring(module.tree) or ""
        if "Scale" in wanted and not holds_results(node) and not SOURCE.search(text + around):
            found.append(f"{name}: no source, here or in the docstring of its module")
    return found


def parameters(function):
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [one.arg for one in every if one and one.arg not in ("self", "cls")]


def unexplained(function, text):
    block = text.partition("Parameters\n---")[2]
    if following := SECTION.search(block):
        block = block[: following.start()]
    heads = re.findall(r"(?m)^([*\w]+(?:, *[*\w]+)*)(?: *:.*)?$", block)
    explained = {name.strip(" *") for head in heads for name in head.split(",")}
    return [name for name in parameters(function) if name not in explained]


def returns_something(function):
    result = function.returns
    return not (isinstance(result, ast.Constant) and result.value is None) and (
        ast.unparse(result) not in ("None", "NoReturn", "Never") if result else True
    )


def holds_results(node):
    """A bundle of numbers; the function that makes it names the source."""
    return isinstance(node, ast.ClassDef) and (
        any("dataclass" in ast.unparse(one) for one in node.decorator_list)
        or any("NamedTuple" in ast.unparse(base) for base in node.bases)
    )


def is_exception(node):
    ends = ("Error", "Exception", "Warning", "Failure", "Interrupt")
    return isinstance(node, ast.ClassDef) and any(
        ast.unparse(base).endswith(ends) for base in node.bases
    )


def shape_problems(module):
    """Arrays and tensors of public functions name their axes."""
    found = []
    for node, name in public_definitions(module):
        if isinstance(node, ast.ClassDef):
            continue
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        hints = {one.arg: one.annotation for one in every if one.annotation}
        hints |= {"the result": node.returns} if node.returns else {}
        found += [
            f"{name}: {one} needs a shape, such as Float[np.ndarray, ' n']"
            for one, hint in hints.items()
            if has_bare_array(hint)
        ]
    return found


def has_bare_array(hint):
    if isinstance(hint, ast.Subscript):
        kind = ast.unparse(hint.value).split(".")[-1]
        # The arrays of a callable are not seen when it is passed, so they cannot be checked.
        return kind not in JAXTYPING | {"Callable"} and has_bare_array(hint.slice)
    if isinstance(hint, ast.Name | ast.Attribute):
        return ast.unparse(hint).split(".")[-1] in {"ndarray", "NDArray", "Tensor"}
    return any(has_bare_array(child) for child in ast.iter_child_nodes(hint))


def test_every_public_name_explains_itself(modules, none_of):
    none_of(problem for module in modules for problem in docstring_problems(module))


def test_mathematics_states_its_scale_and_source(modules, none_of):
    none_of(p for module in modules if is_mathematics(module) for p in section_problems(module))


def test_arrays_name_their_axes(modules, none_of):
    none_of(p for module in modules if is_mathematics(module) for p in shape_problems(module))


GOOD = '''
def gram(X: Float[np.ndarray, "n d"], *, width: int) -> Float[np.ndarray, "n n"]:
    """Products of all pairs.

    Parameters
    ----------
    X
        Points as rows.
    width
        Number of neurons.

    Returns
    -------
    The matrix.

    Scale
    -----
    Divided by the width.

    References
    ----------
    .. [1] A. Author, 2020, eq. (1).
    """
'''


@pytest.mark.parametrize(
    ("old", "new", "rule", "complaint"),
    [
        ("", "", None, ""),
        (GOOD[GOOD.index('    """') :], "    return X @ X.T", docstring_problems, "no docstring"),
        ("width\n        Num", "depth\n        Num", docstring_problems, "`width` is not expl"),
        ("Scale\n    -----", "Size\n    ----", docstring_problems, "unknown sections Size"),
        ("Returns\n    -------", "Notes\n    -----", docstring_problems, "in the order"),
        ("Scale\n    -----", "Notes\n    -----", section_problems, "no section Scale"),
        ("Returns\n    -------", "", section_problems, "no section Returns"),
        (GOOD[GOOD.index("    References") :], '    """', section_problems, "no source"),
        ('Float[np.ndarray, "n d"]', "np.ndarray", shape_problems, "X needs a shape"),
        ('Float[np.ndarray, "n n"]', "tuple[Tensor, int]", shape_problems, "the result needs"),
    ],
)
def test_each_planted_fault_is_found(module_of, old, new, rule, complaint):
    module = module_of("kernels.gram", '"""Gram matrices."""\n' + GOOD.replace(old, new))
    rules = [docstring_problems, section_problems, shape_problems]
    if rule is None:
        assert not [problem for every in rules for problem in every(module)]
    else:
        assert any(complaint in problem for problem in rule(module)), rule(module)
