"""The root of mlbgen's exceptions."""


class MlbgenError(Exception):
    """Something a user can mend; the message says what, where, why and what to do."""
