"""What the site's pages are made of besides their texts: formulas, claims, generated pages."""
