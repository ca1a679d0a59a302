"""The services behind the pages, each as a small client."""
