"""Sign-in with other providers: OpenID Connect, and GitHub's OAuth."""
