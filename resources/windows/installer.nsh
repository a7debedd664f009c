; What the installer does beside copying files (electron-builder includes this file): the helper's service, before the window can ask for it.
; Compiled by `npm run package -- trees` where makensis is; not run on a real Windows yet.
; The installer is per machine, so it runs elevated and $INSTDIR lies below Program Files, which users cannot write.

; %ProgramData%, which SetShellVarContext all makes of APPDATA.
!define WebmeshData "$APPDATA\Webmesh"

!macro webmeshService VERBS
  nsExec::ExecToLog '"$SYSDIR\sc.exe" ${VERBS}'
  Pop $0
!macroend

; net.exe waits until it has stopped: its files can be replaced only then.
!macro webmeshStop
  nsExec::ExecToLog '"$SYSDIR\net.exe" stop WebmeshHelper'
  Pop $0
!macroend

!macro customInit
  ; An upgrade replaces the program: the helper ends first, and takes adapter and routes away.
  !insertmacro webmeshStop
!macroend

; What is opened stands behind `--`, which ends all options: of Chromium, Node and ours. The path has a blank in it, so it is quoted.
!define WebmeshOpen '"$INSTDIR\Webmesh.exe" -- "%1"'

!macro customInstall
  SetShellVarContext all
  ; Who opens links: electron-builder registers schemes for macOS and Linux only. In everybody's part of the registry, so that removal finds it.
  WriteRegStr SHCTX "Software\Classes\webmesh" "" "URL:Webmesh invite"
  WriteRegStr SHCTX "Software\Classes\webmesh" "URL Protocol" ""
  WriteRegStr SHCTX "Software\Classes\webmesh\shell\open\command" "" '${WebmeshOpen}'
  ; Its own entry for invite files, a moment ago, has neither quotes around the program nor `--`.
  WriteRegStr SHCTX "Software\Classes\Webmesh invite\shell\open\command" "" '${WebmeshOpen}'
  !insertmacro webmeshService 'create WebmeshHelper binPath= "\"$INSTDIR\resources\bin\webmesh.exe\" @helper --run \"${WebmeshData}\run\" --state \"${WebmeshData}\state\" --log-to-file --service" start= auto obj= LocalSystem DisplayName= "Webmesh helper"'
  !insertmacro webmeshService 'description WebmeshHelper "Makes the tunnel and runs the mesh node."'
  ; What is to happen when it breaks it tells the service manager itself, so that the .msi need not.
  ; Nothing but what the helper says of itself: no driver, no user's token.
  !insertmacro webmeshService 'sidtype WebmeshHelper unrestricted'
  !insertmacro webmeshService 'start WebmeshHelper'
!macroend

!macro customUnInstall
  SetShellVarContext all
  !insertmacro webmeshStop
  ; What a killed helper left in its journal.
  nsExec::ExecToLog '"$INSTDIR\resources\bin\webmesh.exe" @helper --run "${WebmeshData}\run" --state "${WebmeshData}\state" --undo'
  Pop $0
  ; Start at login, of whoever removes it; other people's entries name a program that is gone.
  DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "electron.app.Webmesh"
  DeleteRegKey SHCTX "Software\Classes\webmesh"
  !insertmacro webmeshService "delete WebmeshHelper"
  RMDir /r "${WebmeshData}\run"
  ; Keys and networks stay through an upgrade, and go with the program.
  ${ifNot} ${isUpdated}
    ; The rules that the service made for its own programs (src/helper/firewall.ts).
    nsExec::ExecToLog '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name=Webmesh-engine'
    Pop $0
    nsExec::ExecToLog '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name=Webmesh-node'
    Pop $0
    RMDir /r "${WebmeshData}"
  ${endIf}
!macroend
