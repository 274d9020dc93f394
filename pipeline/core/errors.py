"""The error a user can mend."""


class InputError(Exception):
    """Say what is wrong with a parameter, a file or an artifact.

    The message names the file, the value found, what was expected and the command or change that mends it.
    The command line and the stages print it as one line, without a traceback.
    """
