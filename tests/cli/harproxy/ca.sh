# Where the authority is; it is made on first use, for its owner alone.
harproxy ca --ca ca --print-ca
stat -c '%a %n' ca ca/*
harproxy ca --ca ca | head -n 8
harproxy --ca ca --print-ca
harproxy ca --print-ca | sed "s|$HOME|\$HOME|"
chmod 644 ca/ca-key.pem
harproxy ca --ca ca
echo "exit $?"
harproxy ca extra
echo "exit $?"
