"""Lives before today: lasting illness, passing complaints, stays in hospital, children and pregnancies."""
