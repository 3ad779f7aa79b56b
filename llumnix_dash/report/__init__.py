"""What a person reads, on a terminal or in a pull request: safe text, tables, marks, colours, Markdown, progress."""
