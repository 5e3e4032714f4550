# Makes tandem@.service out of tandem.service, which has the reasons: names of its own, and no sockets from outside.
1i\
# A further daemon with a configuration of its own: tandem@NAME reads /etc/tandem/NAME.yaml, keeps its state in\
# /var/lib/tandem/instances/NAME and opens its sockets in /run/tandem-NAME. /var/lib/tandem/models is shared.\
# All else is as in tandem.service, which has the reasons; exposure 1.0 too.
/^#/d
/^\(Wants\|Sockets\|Also\|RuntimeDirectoryPreserve\|ReadOnlyPaths\)=/d
s|^Description=.*|& (%i)|
s|/etc/tandem/tandem\.yaml|/etc/tandem/%i.yaml|
s,^\(State\|Cache\)Directory=tandem$,&/instances/%i,
s|^RuntimeDirectory=tandem$|RuntimeDirectory=tandem-%i|
s|^Environment=.*/tandem$|&/instances/%i|
/^NoExecPaths=/{
  s,/\(lib\|cache\)/tandem,&/instances/%i,g
  s|/run/tandem|&-%i|
}
