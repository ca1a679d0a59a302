"""From what people type to what is shown and found: Markdown, HTML, passages, words.

Pure, but for `rendering`, which does the work in child processes, and `turns`.
"""
