"""The base of the generated models of whole responses (`api.py`)."""

from pydantic import BaseModel, ConfigDict


class ApiModel(BaseModel):
    """A response or a part of it: unknown members are kept, and no value is converted."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())
