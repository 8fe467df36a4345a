"""A folder for what tasks have made and the driver has not written yet, beside the tables of the lake."""

import logging
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlb_etl.errors import redacted
from mlb_etl.stores.delta.lake import CONTROL, S3, Lake

log = logging.getLogger(__name__)


@contextmanager
def staging(lake: Lake) -> Iterator[str]:
    """A new place, which is removed afterwards; in a bucket its objects stay if the extra store is not installed.

    What can't be removed is only a nuisance: a warning names it.
    """
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
        from obstore.exceptions import BaseError  # noqa: PLC0415
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError:
        log.warning("%s stays: to remove it, the extra store is needed: pip install 'mlb-etl[store]'", redacted(place))
        return
    try:
        # allow_http: the scheme of the endpoint's URL decides about TLS
        store = from_url(place, client_options={"allow_http": True})
        for some in obstore.list(store):
            obstore.delete(store, [each["path"] for each in some])
    except BaseError as error:
        log.warning("%s stays: %s", redacted(place), redacted(str(error).partition("\n")[0]))
