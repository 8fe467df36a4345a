"""Where a job stores responses, and where the tables are that it applies them to."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mlb_etl.jobs.grammar import Always, Flag, Model, always, as_list

_PRESERVED = (
    "responses are never stored without their request, which determines their document: leave it out, or say true"
)


def _backends(value: object) -> object:
    """Expand a short form to a list of backends."""
    if value is None or isinstance(value, str):
        short: dict[str | None, object] = {"true": [{"backend": "postgres"}], "false": [], None: []}
        if value not in short:
            raise ValueError("true, false, a backend or a list of backends is expected")
        return short[value]
    return as_list(value)


class Raw(Model):
    """A place where responses are stored unchanged."""

    backend: Literal["postgres", "object_store"] = Field(
        description="postgres is the method's raw table; object_store stores a second copy in MLB_ETL_OBJECT_STORE."
    )
    table: str | None = Field(None, description="The method's raw table, such as game.live_game_v1.")
    preserve_metadata: Annotated[Always, always(_PRESERVED)] = Field(
        default=True, description="The request is always stored with its response; false is an error."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.table is not None and self.backend != "postgres":
            raise ValueError("table: only postgres has tables")
        return self


class Target(Model):
    """A place with the method's tables."""

    backend: Literal["postgres"]


class Storage(Model):
    """What to do with responses."""

    raw: Annotated[
        tuple[Raw, ...], BeforeValidator(_backends, json_schema_input_type=bool | Raw | list[Raw] | None)
    ] = Field((), description="Where responses are stored; true means postgres. Without it nothing is captured.")
    targets: Annotated[
        tuple[Target, ...], BeforeValidator(_backends, json_schema_input_type=bool | Target | list[Target] | None)
    ] = Field((), description="Where the tables are that responses are applied to; true means postgres.")
    object_store: Flag = Field(default=False, description="Short for the backend object_store under raw.")
    transform: Flag = Field(default=False, description="Short for the backend postgres under targets.")

    @property
    def captures(self) -> bool:
        """Whether the job requests responses and stores them."""
        return bool(self.raw)

    @property
    def in_object_store(self) -> bool:
        """Whether responses are also stored in the object store."""
        return self.object_store or any(each.backend == "object_store" for each in self.raw)

    @property
    def transforms(self) -> bool:
        """Whether the job applies captures to the method's tables."""
        return self.transform or bool(self.targets)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        backends = [each.backend for each in self.raw]
        if len({*backends}) < len(backends) or len(self.targets) > 1:
            raise ValueError("a backend appears twice")
        if self.in_object_store and "postgres" not in backends:
            raise ValueError("the object store holds a second copy: add postgres under raw")
        if "transform" in self.model_fields_set and not self.transform and self.targets:
            raise ValueError("transform is false, but targets names tables: leave one of them out")
        if not self.captures and not self.transforms:
            raise ValueError("raw (where to store responses) and targets (where the tables are) are both missing")
        return self
