"""What the recorder raises: nothing can be recorded, and why."""


class RecordingError(Exception):
    """Nothing can be recorded. The message is one plain sentence for the person who asked."""
