"""The dashboards as data: panels, queries, and what Grafana would put in place of variables."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = Path(__file__).resolve().parents[1] / "charts" / "paraset" / "files"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel, or of a variable."""

    dashboard: str
    title: str
    expression: str

    def filled(self, variables: dict[str, str]) -> str:
        """The expression as Grafana sends it."""
        expression = self.expression
        for name in sorted(variables, key=len, reverse=True):
            expression = expression.replace(f"${name}", variables[name])
        return expression

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.title}: {self.expression}"


def load(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def queries(path: Path) -> Iterator[Query]:
    """All queries of a dashboard; that of a variable as an expression whose series have the values as labels."""
    board = load(path)
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield Query(path.stem, panel["title"], target["expr"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found = LABEL_VALUES.fullmatch(variable["query"]["query"])
            assert found, variable
            yield Query(path.stem, f"variable {variable['name']}", f"group by ({found[2]}) ({found[1]})")


ALL = [query for path in DASHBOARDS for query in queries(path)]
