"""Scoring: a quality is measured, or it is missing; it is never made up."""
