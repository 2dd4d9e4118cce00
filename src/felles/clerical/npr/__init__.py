"""Coding and reports to Norsk pasientregister (NPR): contacts with complete codes, the month's extract, its receipt."""
