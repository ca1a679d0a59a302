"""What a request makes happen, each in transactions of its own: notes, comments, searches."""
