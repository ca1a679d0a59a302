"""From Markdown to sanitised HTML, within bounds. Pure."""
