"""The annotations of generated decoders: each rejects, while decoding, values that its PostgreSQL type can't hold."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Int2 = Annotated[int, Meta(ge=-(2**15), le=2**15 - 1)]
Int4 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Int8 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Timestamp = Annotated[datetime, Meta(tz=True)]
