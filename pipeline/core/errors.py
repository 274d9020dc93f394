"""The error that a user can fix."""


class InputError(Exception):
    """A parameter, a file or an artifact is unusable.

    The message is one line: the file, the value, what was expected, and the command or change that fixes it. The
    command line and the stages print it without a traceback.
    """
