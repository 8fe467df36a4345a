"""The files of the wheel, which stand elsewhere in the repository."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "../config/jobs": "mlb_etl/baseball/shipped_jobs",
    "../generated/mlb_tables": "mlb_tables",
    "../runtime/mlb_etl/baseball": "mlb_etl/baseball",
    "../simulator/mlb_sim": "mlb_sim",
}


class Files(BuildHookInterface[Any]):
    """Puts them into a wheel, but not into an editable install, where copies would hide what is edited."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them, unless the install is editable."""
        if version == "standard":
            build_data["force_include"] |= FILES
