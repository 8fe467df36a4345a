"""A folder for what tasks have made and the driver has not written yet, beside the tables of the lake."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlb_etl.stores.delta.lake import CONTROL, S3, Lake


@contextmanager
def staging(lake: Lake) -> Iterator[str]:
    """A new place, which is removed afterwards; in a bucket its objects stay if the extra store is not installed."""
    place = f"{lake.root}/{CONTROL}/spark/{uuid.uuid4().hex}"
    try:
        yield place
    finally:
        if place.startswith(S3):
            _remove_objects(place)
        else:
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):  # others may be at work
                Path(place).parent.rmdir()


def _remove_objects(place: str) -> None:
    try:
        import obstore  # noqa: PLC0415 - it needs an extra that may not be installed
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError:
        return
    store = from_url(place)
    for some in obstore.list(store):
        obstore.delete(store, [each["path"] for each in some])
