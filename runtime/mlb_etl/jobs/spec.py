"""The grammar of job files, as models; `job_schema` makes the JSON Schema with which editors check them."""

import json
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator

from mlb_etl.jobs import placeholders
from mlb_etl.jobs.expansion import Expansion
from mlb_etl.jobs.grammar import Always, Flag, Model, Name, Value, always
from mlb_etl.jobs.pages import Pages
from mlb_etl.jobs.parameter import Parameter
from mlb_etl.jobs.storage import Storage
from mlb_etl.settings import FASTEST, SLOWEST

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTE = "Generated from runtime/mlb_etl/jobs/spec.py. DO NOT EDIT. Regenerate: just generate"
_CAPTURED = "responses are never stored without their time, which decides which one is newer: leave it out, or say true"


class Source(Model):
    """The method of the API."""

    endpoint: str = Field(description="The method's endpoint, such as tracker.")
    method: str = Field(description="The method, such as issues, for which `mlbgen` has generated tables.")
    capture_metadata: Annotated[Always, always(_CAPTURED)] = Field(
        default=True, description="The time of a request is always stored; false is an error."
    )
    query: dict[str, Value] = Field(
        {},
        description="Parameters of the request, in which ${NAME} stands for a parameter of the job. Parameters of the"
        " job that are not used here are passed on under their own names.",
    )

    @property
    def name(self) -> str:
        return f"{self.endpoint}.{self.method}"


class Requests(Model):
    """Limits for the requests of a job."""

    rate: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] | None = Field(
        None, description="The most requests per second, if fewer than MLB_ETL_RATE allows."
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(6, description="How often a failing request is tried.")
    may_be_missing: Flag = Field(
        default=False,
        description="Whether 404 only means that there is nothing yet, such as before an event, and is not a failure.",
    )


class Job(Model):
    """What to request from the API, and what to do with the responses."""

    name: Name = Field(description="The job's name, which is also that of its file.")
    description: str = Field("", description="A description for people.")
    timezone: str | None = Field(
        None, description="The time zone of today, yesterday and tomorrow. By default that of the API's days, or UTC."
    )
    parameters: tuple[Parameter, ...] = Field((), description="The job's parameters.")
    source: Source
    expand: Expansion | None = None
    pages: Pages | None = None
    requests: Requests = Requests()
    storage: Storage

    @property
    def zone(self) -> ZoneInfo:
        return placeholders.zone() if self.timezone is None else ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _there(cls, name: str | None) -> str | None:
        try:
            ZoneInfo(name or "UTC")
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"{name} is not a time zone such as America/New_York") from error
        return name

    @field_validator("parameters")
    @classmethod
    def _once(cls, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        names = [parameter.of for parameter in parameters]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} appears twice")
        return parameters

    @field_validator("source", "expand")
    @classmethod
    def _known(cls, asks: Source | Expansion | None, info: ValidationInfo) -> Source | Expansion | None:
        if asks is not None and "parameters" in info.data:  # they are missing if they are invalid themselves
            parameters = [parameter.name for parameter in info.data["parameters"]]
            for text in asks.query.values():
                placeholders.require_known(text, (*parameters, *placeholders.DAYS))
        return asks


def job_schema() -> str:
    """The JSON Schema of job files, which is committed as schemas/job.schema.json."""
    properties = {"$schema": _DIALECT, "$comment": _NOTE, **Job.model_json_schema()}
    return json.dumps(properties, indent=2, ensure_ascii=False) + "\n"
