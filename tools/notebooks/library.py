"""What a page imports of the library, and what of it matters.

A page depends on every module that its import statements execute: the modules named, the packages
they lie in, and whatever those import in turn. A module is its code and the data files beside it;
docstrings, comments and blank lines change no result and are left out of its hash. Formatting is
not: a hash of the syntax tree would differ between versions of Python.
"""

import ast
import hashlib
import importlib
import io
import sys
import tokenize
from functools import cached_property
from pathlib import Path

import grimp


class Library:
    """The packages in one source folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hashes: dict[str, str] = {}

    @cached_property
    def packages(self) -> list[str]:
        return sorted(path.parent.name for path in self.root.glob("*/__init__.py"))

    @cached_property
    def _graph(self) -> grimp.ImportGraph:
        # The packages are found as an import would find them, but none is imported.
        sys.path.insert(0, str(self.root))
        importlib.invalidate_caches()
        try:
            return grimp.build_graph(
                *self.packages, exclude_type_checking_imports=True, cache_dir=None
            )
        finally:
            sys.path.remove(str(self.root))

    @cached_property
    def modules(self) -> set[str]:
        return set(self._graph.modules) if self.packages else set()

    def executed_by(self, tree: ast.AST) -> set[str]:
        """Every module that runs when the imports of this code are executed."""
        waiting = self._imported_by(tree)
        found: set[str] = set()
        while waiting:
            module = waiting.pop()
            if module not in found:
                found.add(module)
                waiting |= self._graph.find_modules_directly_imported_by(module)
                package, _, _ = module.rpartition(".")
                waiting |= {package} - {""}
        return found

    def _imported_by(self, tree: ast.AST) -> set[str]:
        named: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    # `import a.b` binds `a`, whose lazy front door leads everywhere.
                    named |= self._named(alias.name if alias.asname else alias.name.split(".")[0])
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    known = submodule in self.modules
                    named |= self._named(submodule if known else node.module)
        return named

    def _named(self, module: str) -> set[str]:
        if module in self.packages:
            return {known for known in self.modules if f"{known}.".startswith(f"{module}.")}
        return {module} & self.modules

    def hash_of(self, module: str) -> str:
        if module not in self._hashes:
            path = self._path(module)
            digest = hashlib.sha256(code_of(path.read_text(encoding="utf-8")).encode())
            for data in _data_beside(path):
                digest.update(data.name.encode() + b"\0" + data.read_bytes())
            self._hashes[module] = digest.hexdigest()[:12]
        return self._hashes[module]

    def _path(self, module: str) -> Path:
        stem = self.root.joinpath(*module.split("."))
        package = stem / "__init__.py"
        return package if package.is_file() else stem.with_suffix(".py")


def _data_beside(path: Path) -> list[Path]:
    # A package owns the data in its folder, `rows.py` owns the data in a folder `rows`.
    folder = path.parent if path.name == "__init__.py" else path.with_suffix("")
    return sorted(
        item
        for item in folder.glob("*")
        if item.is_file() and item.suffix not in (".py", ".pyc") and item.name != "py.typed"
    )


def code_of(source: str) -> str:
    """The source without docstrings, comments, blank lines and trailing blanks."""
    lines = source.split("\n")
    dropped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        # A statement that is nothing but a string has no effect, wherever it stands.
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and _stands_alone(node, lines)
        ):
            dropped.update(range(node.lineno, node.end_lineno + 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column]
        # NL ends a line that ends no statement: never one inside a string.
        if token.type == tokenize.NL and not lines[row - 1].strip():
            dropped.add(row)
    kept = (line.rstrip() for row, line in enumerate(lines, 1) if row not in dropped)
    return "\n".join(kept).rstrip("\n")


def _stands_alone(node: ast.Expr, lines: list[str]) -> bool:
    before = lines[node.lineno - 1].encode()[: node.col_offset]
    after = lines[node.end_lineno - 1].encode()[node.end_col_offset :]
    return not before.strip() and after.strip()[:1] in (b"", b"#")
