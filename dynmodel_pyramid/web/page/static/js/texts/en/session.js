import { add } from "../../core/texts.js";

add("session", {
  title: "Sign in",
  signIn: "Sign in",
  name: "Name",
  password: "Password",
  provider: "Sign in with the provider",
  or: "or",
  account: "Account",
  noAccount: "Nobody is signed in",
  noAccountText: "Users that are signed in change their password and make tokens here.",
  rights: "What you may do",
  none: "none",
  ownTokens: "Your tokens",
  ownTokensText: "Programs that send one act as you, with at most your rights.",
  oldPassword: "Old password",
  newPassword: "New password",
  passwordText: "A new password ends your sessions in other browsers.",
  passwordChanged: "Password changed",
  hasEnded: "The session has ended. Sign in again: nothing that you typed is lost.",
});
