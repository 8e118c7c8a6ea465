"""What the recorder raises."""


class RecordingError(Exception):
    """Nothing can be recorded. The message is one plain sentence for the person who asked."""


class SaveError(Exception):
    """A state of a recording could not be saved. The message says why; the recording can go on."""
