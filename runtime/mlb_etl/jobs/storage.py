"""Where a job stores responses, and where the tables are that it applies them to."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mlb_etl.jobs.grammar import Always, Flag, Model, always, as_list
from mlb_etl.settings import LAKE, POSTGRES, is_lake_place

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


def _place(text: str) -> str:
    if not is_lake_place(text):
        raise ValueError("a folder or s3://bucket/prefix is expected")
    return text


class _Backend(Model):
    """A place that may be in a lake."""

    backend: str
    place: Annotated[str, AfterValidator(_place)] | None = Field(
        None, description="Where the lake of backend delta is: a folder or s3://bucket/prefix."
    )

    @property
    def database(self) -> str | None:
        """The database, as `--target` names it; None for the object store."""
        return {"postgres": POSTGRES, "delta": f"{LAKE}{self.place}"}.get(self.backend)

    @model_validator(mode="after")
    def _is_placed(self) -> Self:
        if (self.backend == "delta") != (self.place is not None):
            raise ValueError("place: delta needs one, a folder or s3://bucket/prefix, and no other backend has one")
        return self


class Raw(_Backend):
    """A place where responses are stored unchanged."""

    backend: Literal["postgres", "object_store", "delta"] = Field(
        description="postgres is the method's raw table, delta the one in a lake; object_store stores a second copy in"
        " MLB_ETL_OBJECT_STORE, or the only one beside a lake among the targets."
    )
    table: str | None = Field(None, description="The method's raw table, such as tracker.issues_answers.")
    preserve_metadata: Annotated[Always, always(_PRESERVED)] = Field(
        default=True, description="The request is always stored with its response; false is an error."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.table is not None and self.backend == "object_store":
            raise ValueError("table: only postgres has tables, and delta")
        return self


class Target(_Backend):
    """A place with the method's tables."""

    backend: Literal["postgres", "delta"] = Field(
        description="postgres is the database of MLB_ETL_DSN, delta a lake at a place."
    )


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

    @property
    def raw_databases(self) -> tuple[str, ...]:
        """The databases whose raw tables are under raw, as `--target` names them."""
        return tuple(each.database for each in self.raw if each.database is not None)

    @property
    def target_databases(self) -> tuple[str, ...]:
        """The databases whose tables captures are applied to, as `--target` names them."""
        return tuple(each.database or "" for each in self.targets) or (POSTGRES,) * self.transform

    def fills_from_object_store(self, database: str) -> bool:
        """Whether the object store, and not a raw table of its own, is the raw layer of this database."""
        known = database if database.startswith(LAKE) else POSTGRES
        return self.in_object_store and known not in self.raw_databases

    @model_validator(mode="after")
    def _fits(self) -> Self:
        targets = self.target_databases
        in_lake = any(each != POSTGRES for each in targets)
        for each in ([(raw.backend, raw.place) for raw in self.raw], targets):
            if len({*each}) < len(each):
                raise ValueError("a backend appears twice")
        if self.in_object_store and not self.raw_databases and not in_lake:
            raise ValueError("the object store holds a second copy: add postgres under raw, or delta under targets")
        if "transform" in self.model_fields_set and not self.transform and self.targets:
            raise ValueError("transform is false, but targets names tables: leave one of them out")
        if not self.captures and not self.transforms:
            raise ValueError("raw (where to store responses) and targets (where the tables are) are both missing")
        return self
