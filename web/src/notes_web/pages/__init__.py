"""The pages, one module a noun. They parse a request, ask the backends, render a template."""
