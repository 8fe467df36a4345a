"""A table of the database as plain values: what the tables of a mapping and the raw tables have in common."""

from dataclasses import dataclass

from mlbgen import ir
from mlbgen.language.names import SqlName


@dataclass(frozen=True, slots=True)
class Field:
    """A column; `type` as PostgreSQL spells it; `now`: its default is the time of the transaction."""

    name: SqlName
    type: str
    nullable: bool
    description: str
    now: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that all rows meet; without a name PostgreSQL makes one up."""

    name: SqlName | None
    condition: ir.Expression


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, its columns in their order; `raw`: it keeps responses as they came, and nothing can make it anew."""

    schema: SqlName
    name: SqlName
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[SqlName, ...]
    partition: ir.Partition | None
    foreign_keys: tuple[ir.ForeignKey, ...] = ()
    indexes: tuple[ir.Index, ...] = ()
    checks: tuple[Check, ...] = ()
    raw: bool = False

    @property
    def qualified_name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    def type_of(self, field: str) -> str:
        """The type of the column of that name."""
        return next(each.type for each in self.fields if each.name == field)


def of_table(table: ir.Table) -> Relation:
    """A table of a mapping; checks that only warn are not the database's."""
    return Relation(
        schema=table.schema,
        name=table.name,
        description=table.description,
        fields=tuple(_field(column) for column in table.columns),
        primary_key=table.primary_key,
        partition=table.partition,
        foreign_keys=table.foreign_keys,
        indexes=table.indexes,
        checks=tuple(Check(each.name, each.condition) for each in table.checks if each.severity == "error"),
    )


def _field(column: ir.Column) -> Field:
    now = isinstance(column.value, ir.IngestedAt)
    return Field(column.name, str(column.type), column.nullable, column.description, now)


def of_raw(method: ir.Method) -> Relation:
    """The method's raw table: each answer once, as it came, with how it was asked for."""
    table = method.raw_table
    return Relation(
        schema=table.schema,
        name=table.name,
        description=(
            f"Responses of {method.endpoint}.{method.method} as they came;"
            " one with the content of the one before is counted there."
        ),
        fields=_RAW_FIELDS,
        primary_key=(_REQUEST.name, _CAPTURED_AT.name, _CONTENT_HASH),
        partition=table.partition,
        checks=(_is_hash(_CONTENT_HASH), _IS_ENCODING),
        raw=True,
    )


def of_documents(method: ir.Method) -> Relation:
    """Which documents the answers in the raw table hold; nothing but those answers could tell it again."""
    table, keys = method.raw_table, method.document
    about = "Key of the document."
    documents = (Field(key.name, str(key.type), nullable=False, description=key.description or about) for key in keys)
    return Relation(
        schema=table.schema,
        name=table.documents,
        description=f"Documents that the responses in {table.schema}.{table.name} hold, or were asked for and lack.",
        fields=(*documents, *_DOCUMENT_FIELDS),
        primary_key=(*(key.name for key in keys), _CAPTURED_AT.name, _CONTENT_HASH, _REQUEST.name, _ANSWER_HASH),
        partition=table.partition,
        checks=(_is_hash(_CONTENT_HASH), _is_hash(_ANSWER_HASH)),
        raw=True,
    )


_CONTENT_HASH, _ANSWER_HASH = SqlName("content_hash"), SqlName("answer_hash")
_IS_ENCODING = Check(None, ir.Expression("\"encoding\" IN ('identity', 'zstd')", (SqlName("encoding"),)))


def _is_hash(column: SqlName) -> Check:
    return Check(None, ir.Expression(f'OCTET_LENGTH("{column}") = 32', (column,)))


_REQUEST = Field(
    SqlName("request"),
    "text",
    nullable=False,
    description="The request in a normal form, by which captures are told apart.",
)
_CAPTURED_AT = Field(
    SqlName("captured_at"), "timestamptz", nullable=False, description="When the request was made, before the call."
)
_RAW_FIELDS = (
    _REQUEST,
    _CAPTURED_AT,
    Field(
        SqlName("as_of"),
        "timestamptz",
        nullable=False,
        description="Whose state it shows: the past time that was asked for, else captured_at.",
    ),
    Field(
        SqlName("last_seen_at"),
        "timestamptz",
        nullable=False,
        description="Whose state still was the same: as_of of the last response that had this content again.",
    ),
    Field(
        SqlName("seen"),
        "integer",
        nullable=False,
        description="How many responses one after the other had this content.",
    ),
    Field(SqlName("ingested_at"), "timestamptz", nullable=False, description="When this row was written.", now=True),
    Field(SqlName("endpoint"), "text", nullable=False, description="Endpoint of the API, such as game."),
    Field(SqlName("method"), "text", nullable=False, description="Method of the endpoint, such as liveGameV1."),
    Field(SqlName("path_params"), "jsonb", nullable=False, description="Parameters in the path of the URL, by name."),
    Field(
        SqlName("query_params"), "jsonb", nullable=False, description="Parameters behind the path of the URL, by name."
    ),
    Field(SqlName("hydrations"), "text[]", nullable=False, description="What the request asked to be hydrated."),
    Field(SqlName("url"), "text", nullable=False, description="URL that was asked for."),
    Field(SqlName("status_code"), "smallint", nullable=False, description="HTTP status of the response."),
    Field(
        SqlName("schema_version"),
        "text",
        nullable=True,
        description="Version of the response's shape, where it is known.",
    ),
    Field(_CONTENT_HASH, "bytea", nullable=False, description="SHA-256 of the response's body as it came."),
    Field(
        SqlName("encoding"),
        "text",
        nullable=False,
        description="How body is stored: zstd, as one frame, or identity, as it came.",
    ),
    Field(
        SqlName("body"), "bytea", nullable=False, description="Body of the response, byte for byte, in that encoding."
    ),
)
_DOCUMENT_FIELDS = (
    _CAPTURED_AT,
    Field(
        _CONTENT_HASH,
        "bytea",
        nullable=False,
        description="SHA-256 of the document's own bytes in the answer; of no bytes where it is absent.",
    ),
    _REQUEST,
    Field(_ANSWER_HASH, "bytea", nullable=False, description="SHA-256 of the whole response: its content_hash."),
    Field(
        SqlName("places"),
        "integer[]",
        nullable=True,
        description=(
            "Where it stands in the answer's list, from 0: empty where it was asked for and is absent,"
            " NULL where the whole answer is the document."
        ),
    ),
)
