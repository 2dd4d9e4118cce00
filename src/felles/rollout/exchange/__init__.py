"""A plan as other programs read it: MS Project XML, tables, iCalendar."""
