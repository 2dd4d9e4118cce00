"""Reception: who comes today, arrival, no-show, patients' shares of the cost, and what is reported of them."""
