"""Asking a human: the question in the forms that front ends know, and the answers in all forms that they give."""
