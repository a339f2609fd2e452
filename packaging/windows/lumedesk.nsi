; The installer for Windows: for one user or for everyone, with or without windows. installers/windows.py calls makensis.
;
;   /S            no windows: installs, upgrades in place, or ends with a code that says why not
;   /CurrentUser  for this user alone, no administrator needed (the usual way)
;   /AllUsers     for everyone; needs an administrator
;   /Links        open lumedesk: links with LumeDesk        /NoLinks  don't
;   /Downgrade    put this version over a newer one
;   /D=FOLDER     where to; must come last, without quotes. Empty, or where LumeDesk is; for everyone below Program Files
;
; The uninstaller:  /S  no windows, the data stays        /DeleteData  this user's data goes too
;
; It ends with 0: done, 1: stopped by the user, 2: failed, 3: LumeDesk is running, 4: a newer version is installed,
; 5: it needs an administrator, 6: this Windows is too old, 7: the .msi was installed for everyone,
; 8: the folder holds something else, 9: for everyone it goes below Program Files only.

Unicode true
!ifdef AMD64
  Target amd64-unicode
!endif
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 32
!endif
SetDateSave off ; the same files make the same installer
ManifestDPIAware true
ManifestSupportedOS Win10
RequestExecutionLevel user
CRCCheck force

!include MUI2.nsh
!include nsDialogs.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WordFunc.nsh
!include WinVer.nsh
!include x64.nsh
!include "${PAYLOAD}" ; written by installers/windows.py: the files, one by one

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define LINK_KEY "Software\Classes\lumedesk"
!define IS_RUNNING 3
!define IS_NEWER 4
!define NEEDS_ADMINISTRATOR 5
!define IS_TOO_OLD 6
!define IS_MANAGED 7
!define IS_OTHERS 8
!define IS_OUTSIDE 9

!define HOLDS_MORE "holds something else. Choose an empty folder for ${NAME}. Nothing was changed."
!define OUTSIDE "For everyone, ${NAME} is installed below $PROGRAMFILES64 only, where nobody but an administrator can change it. Nothing was changed."

Name "${NAME}"
OutFile "${OUT}"
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIFileVersion "${NUMBERS}"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${NAME} installer"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "${COPYRIGHT}"

Var ForEveryone
Var Folder ; what /D= named, if anything
Var Usual ; where it goes where no folder is chosen
Var Radio

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
Page custom AskForWhom TakeForWhom
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE TakeFolder
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!define MUI_COMPONENTSPAGE_TEXT_TOP "Your data is kept unless you choose otherwise. API keys in the Windows Credential Manager stay in any case; they go when a profile is removed in ${NAME} itself."
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

!macro IfOption NAME
  ClearErrors
  ${GetParameters} $R0
  ${GetOptions} $R0 "${NAME}" $R1
  ${IfNot} ${Errors}
!macroend
!define IfOption "!insertmacro IfOption"

; Says why not, unless /S, and ends with the code.
!macro Refuse CODE TEXT
  MessageBox MB_OK|MB_ICONSTOP `${TEXT}` /SD IDOK
  SetErrorLevel ${CODE}
  Quit
!macroend
!define Refuse "!insertmacro Refuse"

; A program that runs can't be opened for writing, whoever started it. Nothing was changed yet.
!macro RefuseWhileRunning PROGRAM
  ${DoWhile} ${FileExists} "$INSTDIR\${PROGRAM}"
    ClearErrors
    FileOpen $R0 "$INSTDIR\${PROGRAM}" a
    ${IfNot} ${Errors}
      FileClose $R0
      ${Break}
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "${NAME} is running. Close it, then try again. Nothing was changed yet.$\r$\n$\r$\nIf its window isn't there, another user of this computer has it open, or its files can't be written." /SD IDCANCEL IDCANCEL`
      SetErrorLevel ${IS_RUNNING}
      Quit
    ${EndIf}
  ${Loop}
!macroend

Function .onInit
  SetRegView 64
  StrCpy $Folder $INSTDIR
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
  ${OrIfNot} ${AtLeastBuild} 17763
    ${Refuse} ${IS_TOO_OLD} "${NAME} needs Windows 10, version 1809 or newer, 64 bit."
  ${EndIf}
  StrCpy $ForEveryone 0
  ReadRegStr $0 HKLM "${ENTRY}" InstallLocation
  ReadRegStr $1 HKCU "${ENTRY}" InstallLocation
  ${If} $0 != ""
  ${AndIf} $1 == ""
    StrCpy $ForEveryone 1 ; upgrade what is there
  ${EndIf}
  ${IfOption} "/CurrentUser"
    StrCpy $ForEveryone 0
  ${EndIf}
  ${IfOption} "/AllUsers"
    StrCpy $ForEveryone 1
  ${EndIf}
  ${If} ${Silent}
    Call Prepare
  ${EndIf}
FunctionEnd

Function AskForWhom
  !insertmacro MUI_HEADER_TEXT "For whom?" "Choose who can use ${NAME} on this computer."
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateRadioButton} 0 10u 100% 12u "Only for &me"
  Pop $0
  ${NSD_CreateRadioButton} 0 28u 100% 12u "For &everyone who uses this computer (asks for an administrator)"
  Pop $Radio
  ${If} $ForEveryone = 1
    ${NSD_Check} $Radio
  ${Else}
    ${NSD_Check} $0
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function TakeForWhom
  ${NSD_GetState} $Radio $ForEveryone
  UserInfo::GetAccountType
  Pop $0
  ${If} $ForEveryone = 1
  ${AndIf} $0 != "Admin"
    ; The same installer again, with the rights it needs; this one makes way.
    ClearErrors
    ${GetParameters} $0
    ExecShell runas "$EXEPATH" "/AllUsers $0"
    ${If} ${Errors}
      Abort ; the question for an administrator was closed: back to the page
    ${EndIf}
    Quit
  ${EndIf}
  Call Prepare
FunctionEnd

; Everything follows from for whom it is: where to, which registry, what is there already.
Function Prepare
  ${If} $ForEveryone = 1
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 != "Admin"
      ${Refuse} ${NEEDS_ADMINISTRATOR} "To install ${NAME} for everyone, start this as an administrator."
    ${EndIf}
    ReadRegStr $0 HKLM "Software\${NAME}" InstallLocation ; as lumedesk.wxs notes it
    ${If} $0 != ""
      ${Refuse} ${IS_MANAGED} "${NAME} was installed for everyone by its .msi. Upgrade that, or remove it first."
    ${EndIf}
    SetShellVarContext all
    StrCpy $Usual "$PROGRAMFILES64\${NAME}"
  ${Else}
    SetShellVarContext current
    StrCpy $Usual "$LOCALAPPDATA\Programs\${NAME}"
  ${EndIf}
  ReadRegStr $0 SHCTX "${ENTRY}" InstallLocation
  ${If} $Folder != ""
    StrCpy $INSTDIR $Folder
  ${ElseIf} $0 != ""
    StrCpy $INSTDIR $0
  ${Else}
    StrCpy $INSTDIR $Usual
  ${EndIf}
  ${If} ${Silent} ; otherwise the page on the folder asks
    Call LookAtFolder
    ${If} $1 = 1
      ${Refuse} ${IS_OTHERS} "$INSTDIR ${HOLDS_MORE}"
    ${EndIf}
    ${If} $2 = 1
      ${Refuse} ${IS_OUTSIDE} "${OUTSIDE}"
    ${EndIf}
  ${EndIf}
  ReadRegStr $0 SHCTX "${ENTRY}" DisplayVersion
  ${If} $0 != ""
    ${VersionCompare} $0 ${VERSION} $1
    ${IfOption} "/Downgrade"
      StrCpy $1 0
    ${EndIf}
    ${If} $1 = 1
      ${Refuse} ${IS_NEWER} "${NAME} $0 is installed, which is newer than ${VERSION}. Nothing was changed.$\r$\n$\r$\nTo go back, start this installer with /Downgrade. Data that a newer version wrote may not open in an older one."
    ${EndIf}
  ${EndIf}
  Call ChooseLinks
FunctionEnd

; Writes $INSTDIR in the one way there is. $1 becomes 1 where it holds something that isn't ours, $2 becomes 1 where it is
; for everyone and others than administrators could change it there.
Function LookAtFolder
  System::Call 'kernel32::GetFullPathName(t "$INSTDIR", i ${NSIS_MAX_STRLEN}, t .r3, p 0) i .r4'
  ${If} $4 <> 0
  ${AndIf} $4 < ${NSIS_MAX_STRLEN}
    StrCpy $INSTDIR $3
  ${EndIf}
  StrCpy $3 $INSTDIR 1 -1
  ${If} $3 == "\"
    StrCpy $INSTDIR $INSTDIR -1
  ${EndIf}
  StrCpy $2 0
  ${If} $ForEveryone = 1
    StrLen $4 "$PROGRAMFILES64\"
    StrCpy $3 $INSTDIR $4
    ${If} $3 != "$PROGRAMFILES64\"
      StrCpy $2 1
    ${EndIf}
  ${EndIf}
  StrCpy $1 0
  ReadRegStr $3 SHCTX "${ENTRY}" InstallLocation
  ${If} $INSTDIR != $3
  ${AndIf} $INSTDIR != $Usual ; an install that was cut off may have left something there
    ClearErrors
    FindFirst $3 $4 "$INSTDIR\*.*"
    ${DoUntil} ${Errors}
      ${If} $4 != "."
      ${AndIf} $4 != ".."
        StrCpy $1 1
        ${Break}
      ${EndIf}
      FindNext $3 $4
    ${Loop}
    FindClose $3
    ClearErrors
  ${EndIf}
FunctionEnd

; A folder that others use gets one of ours within it.
Function TakeFolder
  Call LookAtFolder
  ${If} $1 = 1
    StrCpy $INSTDIR "$INSTDIR\${NAME}"
    Call LookAtFolder
  ${EndIf}
  ${If} $1 = 1
    MessageBox MB_OK|MB_ICONEXCLAMATION `$INSTDIR ${HOLDS_MORE}`
    Abort
  ${EndIf}
  ${If} $2 = 1
    MessageBox MB_OK|MB_ICONEXCLAMATION `${OUTSIDE}`
    Abort
  ${EndIf}
FunctionEnd

Section "${NAME}" secProgram
  SectionIn RO
  !insertmacro EachProgram RefuseWhileRunning
  Call RemoveOlder
  !insertmacro InstallPayload
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${PROGRAM}"
  WriteRegStr SHCTX "${ENTRY}" DisplayName "${NAME}"
  WriteRegStr SHCTX "${ENTRY}" DisplayVersion "${VERSION}"
  WriteRegStr SHCTX "${ENTRY}" DisplayIcon '"$INSTDIR\${PROGRAM}",0'
  WriteRegStr SHCTX "${ENTRY}" Publisher "${PUBLISHER}"
  WriteRegStr SHCTX "${ENTRY}" InstallLocation "$INSTDIR"
  WriteRegStr SHCTX "${ENTRY}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${ENTRY}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${ENTRY}" EstimatedSize ${SIZE_KB}
  WriteRegDWORD SHCTX "${ENTRY}" NoModify 1
  WriteRegDWORD SHCTX "${ENTRY}" NoRepair 1
  ${If} ${Errors}
    DetailPrint "Some files or registry entries could not be written."
    Abort
  ${EndIf}
SectionEnd

Section /o "lumedesk: links" secLinks
  WriteRegStr SHCTX "${LINK_KEY}" "" "URL:${NAME}"
  WriteRegStr SHCTX "${LINK_KEY}" "URL Protocol" ""
  WriteRegStr SHCTX "${LINK_KEY}\DefaultIcon" "" '"$INSTDIR\${PROGRAM}",0'
  WriteRegStr SHCTX "${LINK_KEY}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegDWORD SHCTX "${ENTRY}" Links 1
SectionEnd

Section -NoLinks
  ${IfNot} ${SectionIsSelected} ${secLinks}
    ReadRegDWORD $0 SHCTX "${ENTRY}" Links
    ${If} $0 = 1 ; ours, from the version before
      DeleteRegKey SHCTX "${LINK_KEY}"
    ${EndIf}
    DeleteRegValue SHCTX "${ENTRY}" Links
  ${EndIf}
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${secProgram} "The program and a shortcut in the Start menu."
  !insertmacro MUI_DESCRIPTION_TEXT ${secLinks} "Lets a link such as lumedesk:trades open that page. A link can't move money."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; An upgrade keeps the choice of the version before, unless told otherwise.
Function ChooseLinks
  ReadRegDWORD $0 SHCTX "${ENTRY}" Links
  ${IfOption} "/Links"
    StrCpy $0 1
  ${EndIf}
  ${IfOption} "/NoLinks"
    StrCpy $0 0
  ${EndIf}
  ${If} $0 = 1
    !insertmacro SelectSection ${secLinks}
  ${EndIf}
FunctionEnd

; The older version's own uninstaller knows its files; the registry and the shortcut are written over afterwards.
Function RemoveOlder
  ReadRegStr $0 SHCTX "${ENTRY}" InstallLocation
  ${If} $0 != ""
  ${AndIf} ${FileExists} "$0\uninstall.exe"
    DetailPrint "Removing the version before"
    ExecWait '"$0\uninstall.exe" /S /Upgrade _?=$0' $1
    ${If} ${Errors}
    ${OrIf} $1 <> 0
      DetailPrint "The version before could not be removed."
      ${If} $1 <> ${IS_RUNNING}
        StrCpy $1 2
      ${EndIf}
      SetErrorLevel $1
      Abort
    ${EndIf}
    Delete "$0\uninstall.exe"
    RMDir "$0"
  ${EndIf}
  ClearErrors
FunctionEnd

; The uninstaller

Function un.onInit
  SetRegView 64
  SetShellVarContext current
  StrCpy $ForEveryone 0
  StrCpy $1 $INSTDIR 1 -1
  ${If} $1 == "\" ; as some ways of starting it leave the folder
    StrCpy $INSTDIR $INSTDIR -1
  ${EndIf}
  ReadRegStr $0 HKLM "${ENTRY}" InstallLocation
  ${If} $0 == $INSTDIR
    StrCpy $ForEveryone 1
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 != "Admin"
      ${If} ${Silent}
        ${Refuse} ${NEEDS_ADMINISTRATOR} "To remove ${NAME} for everyone, start this as an administrator."
      ${EndIf}
      StrCpy $1 ""
      ${IfOption} "/DeleteData"
        StrCpy $1 "/DeleteData"
      ${EndIf}
      ExecShell runas "$INSTDIR\uninstall.exe" $1
      Quit
    ${EndIf}
    SetShellVarContext all
  ${EndIf}
FunctionEnd

Section "un.${NAME}" secUnProgram
  SectionIn RO
  !insertmacro EachProgram RefuseWhileRunning
  !insertmacro RemovePayload
  ${IfOption} "/Upgrade"
    Return ; the rest stays for the version that comes now
  ${EndIf}
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ${If} $ForEveryone = 0
    RMDir "$LOCALAPPDATA\Programs" ; where programs for one user lie; it goes if ours was the only one
  ${EndIf}
  Delete "$SMPROGRAMS\${NAME}.lnk"
  ReadRegDWORD $0 SHCTX "${ENTRY}" Links
  ${If} $0 = 1
    DeleteRegKey SHCTX "${LINK_KEY}"
  ${EndIf}
  DeleteRegKey SHCTX "${ENTRY}"
SectionEnd

Section /o "un.Delete my data too" secUnData
  Call un.DeleteData
SectionEnd

Section "-un.DataBySwitch"
  ${IfOption} "/DeleteData"
    Call un.DeleteData
  ${EndIf}
SectionEnd

; Profiles, history, the audit log and the logs: as lumedesk/store/paths.py and lumedesk/logs.py name the folder.
Function un.DeleteData
  SetShellVarContext current ; with "all" it would be another folder
  RMDir /r "$LOCALAPPDATA\${NAME}"
FunctionEnd

!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${secUnProgram} "The program, its shortcut and its entries in the registry."
  !insertmacro MUI_DESCRIPTION_TEXT ${secUnData} "Profiles, history, audit log and logs of the user who runs this: %LOCALAPPDATA%\${NAME}. Can't be undone. Folders chosen with --data-dir stay."
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

!ifdef SIGN
  ; In backticks: the command has quotes of both other kinds where a folder's name has a space.
  !uninstfinalize `${SIGN} "%1"` = 0
!endif
