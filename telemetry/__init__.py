"""What reeld says about itself: metrics, structured logs, redaction."""
