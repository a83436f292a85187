error-peer = Another service of the company does not answer right now. Please try again later.
error-peer-refused = Another service of the company did not accept this. Please tell the administrator.
