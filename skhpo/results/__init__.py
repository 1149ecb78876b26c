"""What came of a search: ``cv_results_``, and a view of it for plots and reports, from memory or from a file."""
