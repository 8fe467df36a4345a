"""What a person may write in a job file: the models are its grammar, and `schema` is what editors check it with."""

import json
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator

from mlb_etl.jobs import placeholders
from mlb_etl.jobs.expansion import Expansion
from mlb_etl.jobs.grammar import Always, Model, Name, Value, always
from mlb_etl.jobs.parameter import Parameter
from mlb_etl.jobs.storage import Storage
from mlb_etl.settings import FASTEST, SLOWEST

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTE = "Generated from runtime/mlb_etl/jobs/spec.py. DO NOT EDIT. Regenerate: just generate"
_CAPTURED = "responses are never kept without their time, since it decides which is newer: leave it out, or say true"


class Source(Model):
    """The method of the API."""

    endpoint: str = Field(description="The method's endpoint, such as game.")
    method: str = Field(description="The method, such as liveGameV1; `mlbgen` has made its tables.")
    capture_metadata: Annotated[Always, always(_CAPTURED)] = Field(
        default=True, description="The time of a request is always noted; false is refused."
    )
    query: dict[str, Value] = Field(
        {},
        description="Parameters that the method is asked with, in which ${NAME} stands for a parameter of the job;"
        " those that are not named here go by their own names.",
    )

    @property
    def name(self) -> str:
        return f"{self.endpoint}.{self.method}"


class Requests(Model):
    """How the API is asked."""

    rate: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] | None = Field(
        None, description="Requests a second at most, where that is to be less than MLB_ETL_RATE allows."
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(6, description="How often a request is made that fails.")


class Job(Model):
    """What to ask the API for, and what becomes of the responses."""

    name: Name = Field(description="The job's name, as its file is called.")
    description: str = Field("", description="What it does, for people.")
    timezone: str = Field("America/New_York", description="Where its today is.")
    parameters: tuple[Parameter, ...] = Field((), description="The values that it takes.")
    source: Source
    expand: Expansion | None = None
    requests: Requests = Requests()
    storage: Storage

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _there(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"{name} is not a time zone; America/New_York is one") from error
        return name

    @field_validator("parameters")
    @classmethod
    def _once(cls, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        names = [parameter.of for parameter in parameters]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")
        return parameters

    @field_validator("source", "expand")
    @classmethod
    def _known(cls, asks: Source | Expansion | None, info: ValidationInfo) -> Source | Expansion | None:
        if asks is not None and "parameters" in info.data:  # which are missing where they are wrong themselves
            parameters = [parameter.name for parameter in info.data["parameters"]]
            for text in asks.query.values():
                placeholders.require_known(text, (*parameters, *placeholders.DAYS))
        return asks


def job_schema() -> str:
    """The JSON Schema of job files, as it is committed in schemas/job.schema.json."""
    properties = {"$schema": _DIALECT, "$comment": _NOTE, **Job.model_json_schema()}
    return json.dumps(properties, indent=2, ensure_ascii=False) + "\n"
