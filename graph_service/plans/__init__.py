"""By which rules is money earned? The versioned plan."""
