"""Any dashboard: reading it in every form and from every source, walking it, its canonical form."""
