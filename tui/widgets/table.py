"""A list with columns, one row under the cursor."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable


class Table(DataTable[Text]):
    """Rows of texts; Enter selects one."""

    DEFAULT_CSS = """
    Table, Table:focus { height: auto; max-height: 1fr; background: $surface;
                         background-tint: $surface 0%; }
    Table > .datatable--header { background: $panel; color: $accent; }
    Table > .datatable--cursor { background: $accent; color: $field-text; }
    """

    def __init__(self, *columns: str, name: str) -> None:
        """Column headings in the person's language; ``name`` becomes the id."""
        super().__init__(id=name, cursor_type="row", show_row_labels=False)
        self._headings = columns

    def on_mount(self) -> None:
        """The headings."""
        self.fill(())

    def fill(self, rows: Sequence[Sequence[str]], *, cursor: int = 0) -> None:
        """Other rows, in columns as wide as they need; the cursor is on the row ``cursor``.

        The widths are set here: left to the table they come one idle moment after the rows, and
        until then what is new stands cut off.
        """
        self.clear(columns=True)
        for column, heading in enumerate(self._headings):
            cells = (heading, *(row[column] for row in rows))
            self.add_column(Text(heading), width=max(map(cell_len, cells)))
        self.add_rows([[Text(cell) for cell in row] for row in rows])
        self.move_cursor(row=cursor)
