"""Tables of the database as plain values: the common form of a mapping's tables and raw tables."""

from dataclasses import dataclass, field

from mlbgen import ir
from mlbgen.language.names import SqlName


@dataclass(frozen=True, slots=True)
class Field:
    """A column; `type` is spelled as in PostgreSQL; `now`: its default is the transaction's time.

    The server computes a `derived` one from other columns of the row.
    `renamed_from` is a hint for the next migration, not part of the schema.
    """

    name: SqlName
    type: str
    nullable: bool
    description: str
    now: bool = False
    derived: ir.Expression | None = None
    renamed_from: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    """A condition that all rows must meet; without a name, PostgreSQL chooses one."""

    name: SqlName | None
    condition: ir.Expression


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, with its columns in order; `raw`: it keeps responses as received, so it can't be rebuilt."""

    schema: SqlName
    name: SqlName
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[SqlName, ...]
    partition: ir.Partition | None
    foreign_keys: tuple[ir.ForeignKey, ...] = ()
    indexes: tuple[ir.Index, ...] = ()
    checks: tuple[CheckConstraint, ...] = ()
    raw: bool = False

    @property
    def qualified_name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    def type_of(self, field: str) -> str:
        """The type of the column with this name."""
        return next(each.type for each in self.fields if each.name == field)


def table_relation(table: ir.Table) -> Relation:
    """A table of a mapping; checks that only warn are omitted, since the database does not have them."""
    return Relation(
        schema=table.schema,
        name=table.name,
        description=table.description,
        fields=(
            *(_field(column) for column in table.columns if not _is_time(column)),
            *map(_derived_field, table.derived),
            *(_field(column) for column in table.columns if _is_time(column)),
        ),
        primary_key=table.primary_key,
        partition=table.partition,
        foreign_keys=table.foreign_keys,
        indexes=table.indexes,
        checks=tuple(CheckConstraint(each.name, each.condition) for each in table.checks if each.severity == "error"),
    )


def _field(column: ir.Column) -> Field:
    now = isinstance(column.value, ir.IngestedAt)
    kind = str(column.type)
    return Field(column.name, kind, column.nullable, column.description, now, renamed_from=column.renamed_from)


def _is_time(column: ir.Column) -> bool:
    """Whether it is one of the two columns that every table ends with."""
    return isinstance(column.value, ir.CapturedAt | ir.IngestedAt)


def _derived_field(column: ir.DerivedColumn) -> Field:
    return Field(
        column.name,
        str(column.type),
        nullable=True,
        description=column.description,
        derived=column.expression,
        renamed_from=column.renamed_from,
    )


def raw_relation(method: ir.Method) -> Relation:
    """The method's raw table: each response once, as received, with its request."""
    table = method.raw_table
    return Relation(
        schema=table.schema,
        name=table.name,
        description=(
            f"Responses of {method.endpoint}.{method.method} as received;"
            " one that repeats the content before it is only counted there."
        ),
        fields=_RAW_FIELDS,
        primary_key=(_REQUEST.name, _CAPTURED_AT.name, _CONTENT_HASH),
        partition=table.partition,
        checks=(_is_hash(_CONTENT_HASH), _IS_ENCODING),
        raw=True,
    )


def documents_relation(method: ir.Method) -> Relation:
    """The documents table: which documents each response in the raw table holds. It can only be restored from these."""
    table, keys = method.raw_table, method.document
    about = "Key of the document."
    documents = (Field(key.name, str(key.type), nullable=False, description=key.description or about) for key in keys)
    return Relation(
        schema=table.schema,
        name=table.documents,
        description=f"Documents that the responses in {table.schema}.{table.name} hold, or lack although requested.",
        fields=(*documents, *_DOCUMENT_FIELDS),
        primary_key=(*(key.name for key in keys), _CAPTURED_AT.name, _CONTENT_HASH, _REQUEST.name, _ANSWER_HASH),
        partition=table.partition,
        checks=(_is_hash(_CONTENT_HASH), _is_hash(_ANSWER_HASH)),
        raw=True,
    )


_CONTENT_HASH, _ANSWER_HASH = SqlName("content_hash"), SqlName("answer_hash")
_IS_ENCODING = CheckConstraint(None, ir.Expression("\"encoding\" IN ('identity', 'zstd')", (SqlName("encoding"),)))


def _is_hash(column: SqlName) -> CheckConstraint:
    return CheckConstraint(None, ir.Expression(f'OCTET_LENGTH("{column}") = 32', (column,)))


_REQUEST = Field(
    SqlName("request"),
    "text",
    nullable=False,
    description="The normalized request, which distinguishes captures.",
)
_CAPTURED_AT = Field(SqlName("captured_at"), "timestamptz", nullable=False, description="When the request was sent.")
_RAW_FIELDS = (
    _REQUEST,
    _CAPTURED_AT,
    Field(
        SqlName("as_of"),
        "timestamptz",
        nullable=False,
        description="The time of the state it shows: the requested past time, or else captured_at.",
    ),
    Field(
        SqlName("last_seen_at"),
        "timestamptz",
        nullable=False,
        description="The as_of of the last response that repeated this content.",
    ),
    Field(
        SqlName("seen"),
        "integer",
        nullable=False,
        description="How many consecutive responses had this content.",
    ),
    Field(SqlName("ingested_at"), "timestamptz", nullable=False, description="When this row was written.", now=True),
    Field(SqlName("endpoint"), "text", nullable=False, description="Endpoint of the API."),
    Field(SqlName("method"), "text", nullable=False, description="Method of the endpoint."),
    Field(SqlName("path_params"), "jsonb", nullable=False, description="Parameters in the URL's path, by name."),
    Field(SqlName("query_params"), "jsonb", nullable=False, description="Parameters in the URL's query, by name."),
    Field(SqlName("hydrations"), "text[]", nullable=False, description="Hydrations that the request asked for."),
    Field(SqlName("url"), "text", nullable=False, description="URL of the request."),
    Field(SqlName("status_code"), "smallint", nullable=False, description="HTTP status of the response."),
    Field(
        SqlName("schema_version"),
        "text",
        nullable=True,
        description="Version of the response's shape, if known.",
    ),
    Field(_CONTENT_HASH, "bytea", nullable=False, description="SHA-256 of the response's body as received."),
    Field(
        SqlName("encoding"),
        "text",
        nullable=False,
        description="How body is stored: zstd, as one frame, or identity, uncompressed.",
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
        description="SHA-256 of the document's own bytes in the response; of no bytes if it is absent.",
    ),
    _REQUEST,
    Field(_ANSWER_HASH, "bytea", nullable=False, description="SHA-256 of the whole response: its content_hash."),
    Field(
        SqlName("places"),
        "integer[]",
        nullable=True,
        description=(
            "Its positions in the response's list, from 0: empty if it was requested and is absent,"
            " NULL if the whole response is the document."
        ),
    ),
)
