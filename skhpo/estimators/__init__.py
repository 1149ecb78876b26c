"""What is known of estimators."""
