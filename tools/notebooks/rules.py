"""What a page must be: rules of its text, and of the outputs stored in its notebook."""

import ast
import re

from nbformat import NotebookNode

from tools.notebooks.book import Page, PageError
from tools.notebooks.execution import Limits
from tools.notebooks.pair import called, code_cells, drift, is_set_up, stored, tags, text_cells

MAX_CELLS = 12
MAX_LINES = 12
MAX_EXERCISE_LINES = 30
MAX_COLUMNS = 79  # what a printed page holds
MAX_BYTES = 400_000

# Cells of exercises may define things, and do not count among the cells of the page.
EXERCISE = {"exercise", "solution"}
CODE_FENCE = re.compile(r"^[ >]*(`{3,}|~{3,})\{code-cell\}", re.MULTILINE)
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
# Ten decimals differ between processors and builds; the last ones are not the result's.
UNROUNDED = re.compile(r"\d\.\d{10,}")
FORBIDDEN = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "async def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.While: "while",
}


def text_problems(page: Page) -> list[str]:
    """Rules that the text alone can break."""
    fences = len(CODE_FENCE.findall(page.text))
    if not page.is_paired:
        return [_UNPAIRED] if fences else []
    cells = code_cells(notebook := text_cells(page))
    problems = []
    if any(is_set_up(cell) for cell in notebook.cells):
        problems.append("the set-up cell for Colab is made by the tool; delete it from the text")
    elif fences != len(cells):
        problems.append("a code cell inside another directive would never be executed")
    ours = [cell for cell in cells if not EXERCISE & set(tags(cell))]
    if len(ours) > MAX_CELLS:
        problems.append(f"{len(ours)} code cells; at most {MAX_CELLS}, exercises not counted")
    for number, cell in enumerate(cells, start=1):
        problems += [f"{called(number, cell)}: {it}" for it in _cell_problems(page, cell)]
    return problems


_UNPAIRED = (
    "a page with code cells needs the header of a notebook (`jupytext` and `kernelspec`), "
    "or its cells are never executed"
)


def _cell_problems(page: Page, cell: NotebookNode) -> list[str]:
    is_exercise = bool(EXERCISE & set(tags(cell)))
    if not cell.source.strip():
        return ["empty"]
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        return [f"a cell must be plain Python; {error.msg}"]
    problems = []
    if "nbval-skip" in tags(cell) or "NBVAL_" in cell.source:
        problems.append("nbval may ignore an output (tag `nbval-ignore-output`), not a cell")
    if {"key-number", "nbval-ignore-output"} <= set(tags(cell)):
        problems.append("a key number must be compared")
    lines, most = len(cell.source.splitlines()), MAX_EXERCISE_LINES if is_exercise else MAX_LINES
    if lines > most:
        problems.append(f"{lines} lines; at most {most}")
    if any(len(line) > MAX_COLUMNS for line in cell.source.splitlines()):
        problems.append(f"a line of more than {MAX_COLUMNS} columns is cut in print")
    for node in ast.walk(tree):
        if type(node) in FORBIDDEN and not is_exercise:
            problems.append(f"`{FORBIDDEN[type(node)]}` belongs in the library or an exercise")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.endswith(".nc") and not node.value.endswith(tuple(page.records)):
                problems.append(f"the record {node.value!r} is not listed in the front matter")
        elif isinstance(node, ast.Attribute | ast.Name):
            # What is imported so cannot be followed, and would make no page stale.
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in ("import_module", "__import__"):
                problems.append("import by a statement, so that the page's inputs are known")
    return problems


def notebook_problems(page: Page, entry: dict) -> list[str]:
    """Rules that the stored notebook can break; `entry` is the page's entry in the register."""
    try:
        notebook = stored(page)
    except PageError as error:
        return [str(error).removeprefix(f"{page.name}: ")]
    problems = drift(page, notebook) or output_problems(notebook, entry)
    size = page.notebook.stat().st_size
    if size > MAX_BYTES:
        problems.append(f"the notebook has {size / 1e3:.0f} KB; at most {MAX_BYTES / 1e3:g}")
    if broken := Limits().broken_by(entry.get("measured", {})):
        problems.append(f"the page {broken}")
    return problems


def output_problems(notebook: NotebookNode, entry: dict) -> list[str]:
    problems = []
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        problems.append("Unrun: the cells were not executed once each, in their order")
    cells = code_cells(notebook)
    recorded = [int(count) for count in entry.get("outputs", "").split()]
    # Where the numbers of cells differ the page is stale, and that is said elsewhere.
    expected = recorded if len(recorded) == len(cells) else [len(cell.outputs) for cell in cells]
    for number, (cell, count) in enumerate(zip(cells, expected, strict=True), start=1):
        here = _stored_problems(cell)
        if len(cell.outputs) != count:
            here.append(f"Unrun: {len(cell.outputs)} outputs stored where the run gave {count}")
        problems += [f"{called(number, cell)}: {it}" for it in here]
    keys = [cell for cell in cells if "key-number" in tags(cell)]
    if not any(re.search(r"\d", text) for cell in keys for text in texts(cell)):
        problems.append("no key number: a cell tagged `key-number` must print or glue a number")
    return problems


def _stored_problems(cell: NotebookNode) -> list[str]:
    problems = []
    kinds = [(output.output_type, output.get("name")) for output in cell.outputs]
    if "error" in dict(kinds) and "raises-exception" not in tags(cell):
        problems.append("a stored error; tag the cell `raises-exception` if it is meant")
    if ("stream", "stderr") in kinds:
        problems.append("output on stderr; mend the warning or silence it where it arises")
    if "nbval-ignore-output" in tags(cell):
        return problems
    for text in texts(cell):
        if ADDRESS.search(text):
            problems.append("an object's address in the output, which no other run repeats")
        if match := UNROUNDED.search(text):
            problems.append(f"an unrounded number ({match[0]}...); print the stable digits")
    return problems


def texts(cell: NotebookNode) -> list[str]:
    """What the cell said in text; the text that stands for a picture is not counted."""
    said = []
    for output in cell.outputs:
        if output.output_type == "stream":
            said.append(output.text)
        data = output.get("data", {})
        if not any(mime.startswith("image/") for mime in data):
            said += [text for mime, text in data.items() if mime.endswith("text/plain")]
    return said


def output_counts(notebook: NotebookNode) -> str:
    """How many outputs each code cell has, as the register keeps it."""
    return " ".join(str(len(cell.outputs)) for cell in code_cells(notebook))
