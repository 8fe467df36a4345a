"""Where a job keeps responses, and where the tables are that they are applied to."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mlb_etl.jobs.grammar import Always, Flag, Model, always, as_list

_PRESERVED = (
    "responses are never kept without their request, which tells what they are about: leave it out, or say true"
)


def _backends(value: object) -> object:
    """The list that a short form stands for."""
    if value is None or isinstance(value, str):
        short: dict[str | None, object] = {"true": [{"backend": "postgres"}], "false": [], None: []}
        if value not in short:
            raise ValueError("true, false, a backend or a list of backends is expected")
        return short[value]
    return as_list(value)


class Raw(Model):
    """A place where responses are kept as they came."""

    backend: Literal["postgres", "object_store"] = Field(
        description="postgres is the method's raw table; object_store keeps a second copy in MLB_ETL_OBJECT_STORE."
    )
    table: str | None = Field(None, description="The method's raw table, such as game.live_game_v1.")
    preserve_metadata: Annotated[Always, always(_PRESERVED)] = Field(
        default=True, description="The request is always kept beside its response; false is refused."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.table is not None and self.backend != "postgres":
            raise ValueError("table: only postgres has tables")
        return self


class Target(Model):
    """A place where the method's tables are."""

    backend: Literal["postgres"]


class Storage(Model):
    """What becomes of responses."""

    raw: Annotated[
        tuple[Raw, ...], BeforeValidator(_backends, json_schema_input_type=bool | Raw | list[Raw] | None)
    ] = Field((), description="Where what is captured is kept; true is postgres. Without it nothing is captured.")
    targets: Annotated[
        tuple[Target, ...], BeforeValidator(_backends, json_schema_input_type=bool | Target | list[Target] | None)
    ] = Field((), description="Where the tables are that it is applied to; true is postgres.")
    object_store: Flag = Field(default=False, description="Short for a backend object_store under raw.")
    transform: Flag = Field(default=False, description="Short for a backend postgres under targets.")

    @property
    def captures(self) -> bool:
        """Whether the job asks for responses and keeps them."""
        return bool(self.raw)

    @property
    def in_object_store(self) -> bool:
        """Whether they are kept in the object store too."""
        return self.object_store or any(each.backend == "object_store" for each in self.raw)

    @property
    def transforms(self) -> bool:
        """Whether the method's tables are made of what is kept."""
        return self.transform or bool(self.targets)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        backends = [each.backend for each in self.raw]
        if len({*backends}) < len(backends) or len(self.targets) > 1:
            raise ValueError("a backend is there twice")
        if self.in_object_store and "postgres" not in backends:
            raise ValueError("the object store keeps a second copy: postgres is to be under raw too")
        if "transform" in self.model_fields_set and not self.transform and self.targets:
            raise ValueError("transform is false, and targets says where the tables are: leave one out")
        if not self.captures and not self.transforms:
            raise ValueError("raw says where responses are kept, targets where their tables are: neither is there")
        return self
