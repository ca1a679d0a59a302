"""HTTP in: parse, call one use case, render. No rule and no SQL lives here."""

from fastapi import FastAPI

from notes_service.routes import (
    comments,
    notes,
    preview,
    problems,
    titles,
    trash,
    versions,
)


def install(app: FastAPI) -> None:
    """Give the application its routes, and its errors their form."""
    for module in (notes, titles, versions, trash, comments, preview):
        app.include_router(module.router)
    problems.install(app)
