"""What `mlbgen check` says of one method."""

from collections.abc import Iterable

from mlbgen import ir
from mlbgen.samples import sample
from mlbgen.samples.stubs import Stub


def check_samples(method: ir.Method, samples: Iterable[Stub]) -> sample.SampleReport:
    """The report on the method's samples."""
    (report,) = sample.check_samples([method], samples)
    return report
