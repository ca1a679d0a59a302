"""The list of notes, a note, writing it, its comments, the trash."""
