"""The clinician's work (floor 5): medicines, results, notes, problems and measurements, on the one shared record."""
