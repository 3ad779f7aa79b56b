"""What a person reads, on a terminal or in a pull request: safe text, Markdown, progress."""
