"""What each process writes into its metrics when something happens to it, a module for each component.

The rules of the real programs stand here: what is whole milliseconds, what counts failures, what is recorded twice.
"""
