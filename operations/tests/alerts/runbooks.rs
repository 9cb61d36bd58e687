//! Runbooks: every alert has a page of five steps, every page an alert, and every query in them can be asked.
