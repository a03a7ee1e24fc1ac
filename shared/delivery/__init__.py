"""Plan to page to request: claims, SCIM bulk requests, and what to do about every answer."""
